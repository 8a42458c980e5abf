// Draws the page's diagrams in its color scheme, and again when the reader changes the scheme.
"use strict";

const diagrams = [...document.querySelectorAll("pre.mermaid")].map((element) => [element, element.textContent]);

const isDark = () =>
  document.body.dataset.theme === "dark" ||
  (document.body.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);

let drawn = null;

const draw = async () => {
  const theme = isDark() ? "dark" : "default";
  if (theme === drawn) return;
  drawn = theme;
  mermaid.initialize({ startOnLoad: false, theme, securityLevel: "strict", fontFamily: "inherit" });
  for (const [element, text] of diagrams) {
    element.textContent = text;
    element.removeAttribute("data-processed");
  }
  await mermaid.run({ nodes: diagrams.map(([element]) => element) });
  for (const [element] of diagrams) {
    // On phones, a wide diagram scrolls instead of becoming unreadable.
    const svg = element.querySelector("svg");
    svg.style.minWidth = `min(${svg.viewBox.baseVal.width}px, 36rem)`;
  }
};

new MutationObserver(draw).observe(document.body, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
