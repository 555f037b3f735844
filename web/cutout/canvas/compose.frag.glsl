// What is seen: the photo on the left of the split, the finished cutout on its right, over what is behind.
// The formulas are those of hearth.tools.cutout: `Matte.rows`, `Edits.apply`, `adjust.py`.

uniform sampler2D photo;       // RGBA
uniform sampler2D found;       // the matte's own alpha
uniform sampler2D base;        // the alpha that the settings begin with
uniform sampler2D adjusted;    // the same with the edge shifted and feathered, of the part `adjusted_part`
uniform sampler2D strokes;     // low and high: a becomes low + (high - low) a
uniform sampler2D stroke;      // the one that is being painted: how much of it covers
uniform sampler2D subject;     // the subject's colours, small
uniform sampler2D background;  // and the background's
uniform sampler2D near_photo;  // of the part `near_part`, where the layers are smaller than the photo
uniform sampler2D near_found;
uniform vec4 near_part;        // left, top, width, height in pixels of the photo; no width: there is none
uniform bool base_is_found;    // whether the settings begin with the matte's own alpha
uniform vec2 size;             // of the photo, pixels
uniform mat3 to_photo;         // from pixels of the canvas, from its top left, to pixels of the photo
uniform vec2 canvas;           // pixels
uniform float split;           // pixels of the canvas from the left
uniform vec4 adjusted_part;    // left, top, width, height in pixels of the photo; no width: nothing is adjusted
uniform float paints;          // what the stroke leads to: 1 restores, 0 erases
uniform float threshold_bias;  // 1 / (1 - t) - 2
uniform float slope;           // of the contrast, 1 / (1 - c)
uniform float ghost;           // how much is seen of what was removed
uniform bool has_alpha;        // of the photo itself
uniform bool clean;            // whether the colours of subject and background are known
uniform bool original;         // the photo alone
uniform bool stands_in;        // `found` is a picture of the cutout, with its alpha
uniform vec3 check_a, check_b; // what the person looks at the cutout on: two colours in squares of
uniform float check_size;      // so many pixels of the canvas

out vec4 colour;

// Where a place lies in the part that is there with all its pixels: within 0 to 1, if it does.
vec2 near_at(vec2 place) {
  return near_part.z > 0.0 ? (place - near_part.xy) / near_part.zw : vec2(-1.0);
}

bool is_near(vec2 place) {
  vec2 there = near_at(place);
  return all(greaterThanEqual(there, vec2(0.0))) && all(lessThan(there, vec2(1.0)));
}

vec4 photo_at(vec2 place, vec2 at) {
  vec4 value = texture(photo, at);
  return is_near(place) ? texture(near_photo, near_at(place)) : value;
}

float found_at(vec2 place, vec2 at) {
  vec4 value = texture(found, at);
  if (is_near(place)) return texture(near_found, near_at(place)).r;
  return stands_in ? value.a : value.r;
}

float alpha_at(vec2 place, vec2 at) {
  float a;
  if (adjusted_part.z > 0.0) a = texture(adjusted, (place - adjusted_part.xy) / adjusted_part.zw).r;
  else a = base_is_found ? found_at(place, at) : texture(base, at).r;
  a = a / (threshold_bias * (1.0 - a) + 1.0);
  a = clamp((a - 0.5) * slope + 0.5, 0.0, 1.0);
  vec2 edit = texture(strokes, at).rg;
  edit = mix(edit, vec2(paints), texture(stroke, at).r);
  return edit.r + (edit.g - edit.r) * a;
}

bool outside(vec2 place, vec2 all) {
  return any(lessThan(place, vec2(0.0))) || any(greaterThanEqual(place, all));
}

void main() {
  vec2 screen = vec2(gl_FragCoord.x, canvas.y - gl_FragCoord.y);
  vec2 place = (to_photo * vec3(screen, 1.0)).xy;
  if (outside((to_frame * vec3(place, 1.0)).xy, frame)) {
    colour = vec4(0.0);
    return;
  }
  vec2 at = place / size;
  vec4 pixel = photo_at(place, at);
  if (!has_alpha) pixel.a = 1.0;
  if (outside(place, size)) pixel = vec4(0.0); // a frame may be larger than the photo
  vec2 square = floor(screen / check_size);
  vec3 surface = mod(square.x + square.y, 2.0) < 0.5 ? check_a : check_b;
  if (original || screen.x < split) {
    colour = vec4(mix(surface, pixel.rgb, pixel.a), 1.0);
    return;
  }
  float alpha = min(alpha_at(place, at), pixel.a);
  vec3 own = pixel.rgb;
  float known = min(max(found_at(place, at), alpha) / max(pixel.a, 1.0 / 255.0), 1.0);
  if (clean && known > 0.0 && known < 1.0) {
    vec3 front = texture(subject, at).rgb, back = texture(background, at).rgb;
    own = clamp(front + known * (own - known * front - (1.0 - known) * back), 0.0, 1.0);
  }
  own = lit(own, place);
  vec4 under = behind(place);
  surface = under.rgb + surface * (1.0 - under.a);
  surface = mix(surface, pixel.rgb, ghost * pixel.a);
  colour = vec4(mix(surface, own, alpha), 1.0);
}
