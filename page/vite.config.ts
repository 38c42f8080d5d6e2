// One script, one sheet, with names that never change: the list of a wheel's files must not depend on their content.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  build: {
    outDir: "../livegen/control/web/built",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false, // its polyfill serves browsers older than the ones that can play
    rollupOptions: {
      output: {
        entryFileNames: "assets/page.js",
        chunkFileNames: "assets/page-[name].js",
        assetFileNames: (asset) =>
          asset.names[0]?.endsWith(".css") ? "assets/page.css" : "assets/[name][extname]",
      },
    },
  },
});
