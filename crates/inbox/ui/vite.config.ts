import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { compress } from './build/compress.ts'
import { earlyTheme } from './build/early_theme.ts'

/** Where `npm run dev` finds a running server, and with which token it speaks to it. */
const server = process.env.SWITCHBOARD_URL ?? 'http://127.0.0.1:8080'
const token = process.env.SWITCHBOARD_TOKEN

export default defineConfig({
  plugins: [svelte(), earlyTheme(), compress()],
  build: {
    target: 'es2023',
    // Every browser with `light-dark()`, which the colours are made of.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The policy of the page allows no inline script, which the polyfill would be.
    modulePreload: { polyfill: false },
    // Everything is a file of its own: the policy allows no data: addresses but for images.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      '/api': { target: server, headers: token ? { authorization: `Bearer ${token}` } : {} },
      '/login': server,
      '/logout': server,
      '/account': server,
    },
  },
  test: { include: ['src/**/*.test.ts', 'tests/**/*.test.ts'], environment: 'node' },
})
