// What stands behind the subject, at a place of the photo in pixels: premultiplied, alpha 0 where there is nothing.
vec4 behind(vec2 place) {
  return vec4(0.0);
}
