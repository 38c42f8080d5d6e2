// Three pages, each one script and one sheet, and what both use, with names that never change: the list of a wheel's
// files must not depend on their content.
import { defineConfig } from "vite";

const NAMES: Record<string, string> = { index: "page", listen: "listen", teacher: "teacher" };

export default defineConfig({
  base: "/",
  resolve: { alias: { "stb-vorbis": "/src/vorbis.ts" } },
  build: {
    license: { fileName: "assets/licenses.md" }, // of the libraries that are in it
    outDir: "../livegen/control/web/built",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false, // its polyfill serves browsers older than the ones that can play
    rollupOptions: {
      input: { index: "index.html", listen: "listen.html", teacher: "teacher.html" },
      output: {
        entryFileNames: (chunk) => `assets/${NAMES[chunk.name] ?? chunk.name}.js`,
        chunkFileNames: "assets/[name].js",
        assetFileNames: (asset) => {
          const name = asset.names[0] ?? "";
          if (!name.endsWith(".css")) return "assets/[name][extname]";
          return `assets/${["listen", "teacher"].find((page) => name.startsWith(page)) ?? "page"}.css`;
        },
      },
    },
  },
});
