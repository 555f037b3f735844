// A finished stroke, to be blended over the earlier ones by how much it covers.
uniform sampler2D stroke;
uniform float paints;

out vec4 value;

void main() {
  value = vec4(vec3(paints), texelFetch(stroke, ivec2(gl_FragCoord.xy), 0).r);
}
