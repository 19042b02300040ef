"use strict";
/* Copies or prints what the page shows anyway; without this file people select it by hand. */

for (const button of document.querySelectorAll("[data-copy]")) {
  const said = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const lines = [...document.getElementById(button.dataset.copy).querySelectorAll("code")].map((code) => code.textContent.trim());
    try {
      await navigator.clipboard.writeText(`${lines.join("\n")}\n`);
      said.textContent = said.dataset.copied;
    } catch {
      said.textContent = said.dataset.notCopied;
    }
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
