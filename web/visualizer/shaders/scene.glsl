// What every scene is given. A frame depends on these values alone, so any time can be drawn at any moment.
//
// Places: `at` is (0, 0) in the middle, y points up, the shorter side runs from -1 to 1; `extent` is the upper right corner.
// Colours are linear light; pictures and shapes give them multiplied by their alpha.

precision highp float;
precision highp int;
precision highp sampler2D;

uniform vec2 size;      // of the picture, in pixels
uniform vec2 extent;
uniform float time;     // seconds from the beginning of the track
uniform float duration; // of the track, seconds
uniform float seed;     // 0..1, the person's own
uniform float motion;   // 1, or less for people who want less of it: scale by it what moves without the music

// The palette: the ground behind everything, a deep colour near it, the body of what moves, its light, and the spark.
uniform vec3 ground, deep, body, light, spark;
uniform float backdrop; // 1, or 0 where the ground is left out because the video is to be transparent
uniform float dark;     // 1 on a dark ground, 0 on a light one

uniform vec4 curves_now[4];
uniform float passed;    // how far the next frame of the analysis has come, 0..1
uniform vec2 heard;      // the bytes of the spectrum that are seen as 0 and as 1
uniform sampler2D bands_map, tones_map, curves_map, wave_map, notes_map, onsets_map, beats_map, words_map, cover_map;
uniform ivec3 counts;    // of notes, onsets and beats that are in sight
uniform float cover_ratio; // width / height of the cover; 0 where there is none

const int ROWS = 512;    // frames of the analysis in sight: 6 s back and 4.2 s ahead
const int ROW_NOW = 300;
const float FRAMES_A_SECOND = 50.0;
const float PI = 3.14159265;

// Curves, 0..1 but for the last two.
const int LEVEL = 0, BASS = 1, MID = 2, TREBLE = 3;
const int ONSET = 4;  // how much sets in
const int PULSE = 5;  // 1 on a beat, then it fades
const int BAR = 6;    // 1 on the first beat of a bar, then it fades
const int FLASH = 7;  // 1 where something sets in, then it fades; the one to let light jump with
const int VOICE = 8;  // somebody sings or speaks
const int BRIGHT = 9; // where the middle of the spectrum lies
const int NOISE = 10; // 0 for a tone, 1 for noise
const int WIDE = 11;  // stereo
const int LOUD = 12;  // over 0.4 s
const int ENERGY = 13; // over 3 s
const int BEATS = 14; // how many beats have passed, with the part of this one; below 0 where there are none
const int BARS = 15;

float curve(int which) { return curves_now[which / 4][which % 4]; }

float row(float ago) { return (float(ROW_NOW) + 0.5 + passed - ago * FRAMES_A_SECOND) / float(ROWS); }

// A curve some seconds ago, or ahead for a negative number. Not for BEATS and BARS.
float curve(int which, float ago) {
  return texture(curves_map, vec2((float(which / 4) + 0.5) / 4.0, row(ago)))[which % 4];
}

float seen(float level) { return clamp((level * 255.0 - heard.x) / (heard.y - heard.x), 0.0, 1.0); }

// The level of the spectrum: `x` runs from the lowest band, 0, to the highest, 1, as the ear spaces them.
float band(float x, float ago) { return seen(texture(bands_map, vec2((x * 63.0 + 0.5) / 64.0, row(ago))).r); }
float band(float x) { return band(x, 0.0); }

// The level of a semitone: 0 is C1, 95 is B8.
float tone(float semitone, float ago) { return seen(texture(tones_map, vec2((semitone + 0.5) / 96.0, row(ago))).r); }
float tone(float semitone) { return tone(semitone, 0.0); }

// The wave around this moment: `x` from -1 to 1 is 0.19 s; about -1..1.
float wave(float x) { return texture(wave_map, vec2(x * 0.5 + 0.5, 0.5)).r; }
// The same without its grain, a mean over 4 ms.
float soft_wave(float x) { return texture(wave_map, vec2(x * 0.5 + 0.5, 0.5)).g; }

// Start and end in seconds from now, MIDI number, strength 0..1.
vec4 note(int index) { return texelFetch(notes_map, ivec2(index, 0), 0); }
// Seconds from now, strength 0..1, a number that stays its own, and 1 where FLASH jumps.
vec4 onset(int index) { return texelFetch(onsets_map, ivec2(index, 0), 0); }
// Seconds from now, place in the bar from 1, a number that stays its own, and 1 where PULSE jumps.
vec4 beat(int index) { return texelFetch(beats_map, ivec2(index, 0), 0); }

// The first beat that is not before a time, in seconds from now; `counts.z` where there is none.
int beat_from(float when) {
  int low = 0, high = counts.z;
  while (low < high) {
    int middle = (low + high) / 2;
    if (beat(middle).x < when) low = middle + 1;
    else high = middle;
  }
  return low;
}

vec3 to_linear(vec3 x) { return mix(x / 12.92, pow((x + 0.055) / 1.055, vec3(2.4)), step(0.04045, x)); }

// A point of a picture in linear light, multiplied by its alpha.
vec4 painted(vec4 x) { return vec4(to_linear(x.rgb / max(x.a, 1e-4)) * x.a, x.a); }

// What the person wrote, in its place.
vec4 words(vec2 at) { return painted(texture(words_map, at / extent * 0.5 + 0.5)); }

// The person's picture, cut to a square: `at` from -1 to 1.
vec4 cover(vec2 at) {
  vec2 part = cover_ratio > 1.0 ? vec2(1.0 / cover_ratio, 1.0) : vec2(1.0, cover_ratio);
  return painted(texture(cover_map, at * part * 0.5 + 0.5));
}

// Chance that is the same every time: 0..1.
uint scramble(uint x) { // PCG [Jarzynski, Olano: "Hash functions for GPU rendering", JCGT 2020]
  x = x * 747796405u + 2891336453u;
  x = ((x >> ((x >> 28u) + 4u)) ^ x) * 277803737u;
  return (x >> 22u) ^ x;
}
float chance(uint x) { return float(scramble(x ^ uint(seed * 16777216.0))) / 4294967296.0; }
float chance(ivec2 x) { return chance(uint(x.x) ^ scramble(uint(x.y))); }
vec3 chances(uint x) { return vec3(chance(x * 3u), chance(x * 3u + 1u), chance(x * 3u + 2u)); }

// Smooth noise, -1..1.
float noise(vec2 p) {
  vec2 cell = floor(p), f = p - cell;
  vec2 s = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
  ivec2 i = ivec2(cell);
  float low = mix(chance(i), chance(i + ivec2(1, 0)), s.x), high = mix(chance(i + ivec2(0, 1)), chance(i + ivec2(1, 1)), s.x);
  return mix(low, high, s.y) * 2.0 - 1.0;
}

// A line of light: `away` from its middle, `width` of its core; 1 in the core.
float glow(float away, float width) { return width * width / (width * width + away * away); }

// 1 inside, 0 outside, one pixel between; `away` in places, negative inside.
float inside(float away) {
  float pixel = 2.0 / min(size.x, size.y);
  return clamp(0.5 - away / pixel, 0.0, 1.0);
}

mat2 turned(float angle) { return mat2(cos(angle), sin(angle), -sin(angle), cos(angle)); }

// From body over light to spark.
vec3 heat(float x) { return x < 0.5 ? mix(body, light, x * 2.0) : mix(light, spark, min(x * 2.0 - 1.0, 1.0)); }

// One colour over another.
vec4 over(vec4 top, vec4 below) { return top + below * (1.0 - top.a); }
// A light that is added; over a light ground it becomes paint.
vec4 lit(vec3 colour, float amount) { return vec4(colour * amount, clamp(mix(amount, amount * 0.35, dark), 0.0, 1.0)); }
