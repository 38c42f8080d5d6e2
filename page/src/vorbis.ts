// Stands in for the decoder of compressed samples (.sf3), which compiles WebAssembly: the page's policy forbids that,
// and livegen serves fonts whose samples are plain.

export const StbVorbis = {
  ready: Promise.resolve(),
  decode(): never {
    throw new Error("this sound font is compressed (.sf3); expected plain samples (.sf2)");
  },
};
