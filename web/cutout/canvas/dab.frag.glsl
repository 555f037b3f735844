// How much of a pixel a touch of the brush covers. A smart brush stops at edges: it looks along the way from its centre
// and takes the colour that is least like the one there.
const int STEPS = 8;
const float ALIKE = 0.07, DIFFERENT = 0.17;  // distances of colours

uniform sampler2D photo;
uniform vec2 size;
uniform float hardness;
uniform bool smart;

flat in vec4 touch;
flat in vec3 like;
in vec2 place;
out vec4 value;

float distance_of(vec3 a, vec3 b) {
  vec3 d = a - b;
  float light = dot(d, vec3(0.299, 0.587, 0.114));
  return length(vec3(0.6 * light, d.r - light, d.b - light));
}

void main() {
  float away = distance(place, touch.xy);
  float inner = touch.z * hardness;
  float cover = 1.0 - smoothstep(min(inner, touch.z - 1.0), touch.z, away);
  if (smart && cover > 0.0) {
    float level = max(0.0, log2(away / float(STEPS)));
    float worst = 0.0;
    for (int n = 1; n <= STEPS; n++) {
      vec2 at = mix(touch.xy, place, float(n) / float(STEPS)) / size;
      worst = max(worst, distance_of(textureLod(photo, at, n == STEPS ? 0.0 : level).rgb, like));
    }
    cover *= 1.0 - smoothstep(ALIKE, DIFFERENT, worst);
  }
  value = vec4(cover * touch.w);
}
