out vec2 in_shape;
flat out vec2 halves;
flat out vec4 tint;

void main() {
  Shape s = shape(gl_InstanceID);
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
  in_shape = corner;
  halves = s.halves;
  tint = s.tint;
  gl_Position = vec4((s.centre + turned(s.turn) * (corner * s.halves)) / extent, 0.0, 1.0);
}
