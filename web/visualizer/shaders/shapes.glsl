// Many small things. A scene's shapes.glsl has two functions:
//
//   Shape shape(int index)                  where a thing is; halves of 0 where it is not in sight
//   vec4 shade(vec2 at, vec2 halves, vec4 tint)   its light at one point; `at` is (-1, -1) to (1, 1) in it

struct Shape {
  vec2 centre;
  vec2 halves; // of its width and height
  float turn;  // counterclockwise
  vec4 tint;
};
