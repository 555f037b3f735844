in vec2 in_shape;
flat in vec2 halves;
flat in vec4 tint;
out vec4 colour;

void main() {
  colour = shade(in_shape, halves, tint);
}
