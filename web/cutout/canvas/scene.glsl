// What stands around the subject, by the formula of hearth.tools.cutout.scene.render. Places are pixels of the photo.

uniform mat3 to_frame;      // from pixels of the photo to those of the finished picture
uniform vec2 frame;         // pixels of that
uniform int backdrop_kind;  // 0 none, 1 colour, 2 linear, 3 radial, 4 picture, 5 the original blurred
uniform vec3 first, second; // colours
uniform vec2 direction;     // of a linear gradient of length 1: for a pixel across and one down
uniform mat3 to_picture;    // from pixels of the finished picture to 0..1 of the backdrop
uniform sampler2D backdrop;
uniform sampler2D shadow;   // how dark it is
uniform sampler2D reach;    // how much of the backdrop's light reaches a pixel of the subject
uniform bool shaded, wraps;
uniform vec3 shade;         // the shadow's colour

// The backdrop alone.
vec3 backdrop_at(vec2 at) {
  if (backdrop_kind == 2) return mix(first, second, clamp(dot(at - 0.5 * frame, direction) + 0.5, 0.0, 1.0));
  if (backdrop_kind == 3) return mix(first, second, length(at - 0.5 * frame) / (0.5 * length(frame)));
  if (backdrop_kind >= 4) {
    vec2 there = (to_picture * vec3(at, 1.0)).xy;
    if (backdrop_kind == 4 && (any(lessThan(there, vec2(0.0))) || any(greaterThan(there, vec2(1.0))))) return first;
    return texture(backdrop, there).rgb;
  }
  return first;
}

// Backdrop and shadow: premultiplied, alpha 0 where there is nothing.
vec4 behind(vec2 place) {
  vec2 at = (to_frame * vec3(place, 1.0)).xy;
  vec4 under = backdrop_kind == 0 ? vec4(0.0) : vec4(backdrop_at(at), 1.0);
  float dark = shaded ? texture(shadow, at / frame).r : 0.0;
  return vec4(shade, 1.0) * dark + under * (1.0 - dark);
}

// The subject's colour with the backdrop's light on its edges.
vec3 lit(vec3 own, vec2 place) {
  if (!wraps) return own;
  vec2 at = (to_frame * vec3(place, 1.0)).xy;
  return own + texture(reach, at / frame).r * backdrop_at(at) * (1.0 - own);
}
