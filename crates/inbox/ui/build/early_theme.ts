import type { Plugin } from 'vite'

/**
 * Sets the chosen theme before the first paint. A file of its own, because the policy of the
 * page allows no inline script, and a classic one, because modules run after the first paint.
 */
const SCRIPT = `try {
  const theme = localStorage.getItem('switchboard.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {}
`

export function earlyTheme(): Plugin {
  let reference = ''
  return {
    name: 'early-theme',
    apply: 'build',
    buildStart() {
      reference = this.emitFile({ type: 'asset', name: 'theme.js', source: SCRIPT })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_, context) {
        const file = Object.keys(context.bundle ?? {}).find((name) => /theme.*\.js$/.test(name))
        if (!file || !reference) return []
        return [{ tag: 'script', attrs: { src: `/${file}` }, injectTo: 'head' as const }]
      },
    },
  }
}
