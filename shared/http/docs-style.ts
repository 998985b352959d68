/** The style of the documentation page. The security headers name it by its hash. */
export const STYLE = `
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:#0a6}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem}
h1{margin-bottom:.2rem}
nav ul{columns:2;list-style:none;padding:0}
nav li{break-inside:avoid}
section{border-top:2px solid var(--line);margin-top:2rem}
h3 .method{background:var(--accent);border-radius:4px;color:#fff;font-size:.8rem;padding:.2rem .5rem}
code,pre{font:14px/1.5 ui-monospace,monospace}
pre{background:var(--soft);border-radius:6px;overflow-x:auto;padding:.8rem}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top}
caption{font-weight:600;padding-top:.8rem;text-align:left}
a{color:inherit}
`;
