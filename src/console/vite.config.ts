import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Paths are relative, because the console may be served below a path. See scripts/build-console.ts. */
export default defineConfig({
  base: './',
  plugins: [react()],
  build: { target: 'es2023', modulePreload: { polyfill: false }, assetsInlineLimit: 0, reportCompressedSize: false },
});
