// One touch of the brush: a square around it, in pixels of the photo.
layout(location = 0) in vec4 dab;  // centre, radius, opacity

uniform sampler2D photo;
uniform vec2 size;

flat out vec4 touch;
flat out vec3 like;  // the colour under the brush's centre, of a small spot
out vec2 place;

void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
  place = dab.xy + corner * (dab.z + 1.0);
  touch = dab;
  like = textureLod(photo, dab.xy / size, max(0.0, log2(dab.z * 0.2))).rgb;
  gl_Position = vec4(place / size * 2.0 - 1.0, 0.0, 1.0);
}
