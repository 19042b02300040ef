"use strict";
/* Everything works without this file. It saves waiting, and asks before what cannot be undone. */

/** Fills a [data-poll] bar from its JSON and loads the page anew once the state has changed. */
function follow(section) {
  const pace = Math.max(250, Number(section.dataset.pollEvery) || 1000);
  const shown = document.getElementById("state")?.dataset.state;
  const language = document.documentElement.lang;
  const bar = section.querySelector("progress");
  let failures = 0;

  const write = (name, words) => {
    for (const place of section.querySelectorAll(`[data-poll-${name}]`)) place.textContent = words;
  };

  /* Numbers and words that follow the sending wherever they stand on the page. */
  const tell = (facts) => {
    for (const place of document.querySelectorAll("[data-fact]")) {
      const value = facts[place.dataset.fact];
      if (value === undefined) continue;
      place.textContent = typeof value === "number" ? value.toLocaleString(language) : value ?? "–";
    }
  };

  const show = ({ done, total, bytes }) => {
    if (total > 0) {
      if (bar) {
        bar.max = total;
        bar.value = done;
      }
      const share = Math.min(1, done / total);
      write("percent", new Intl.NumberFormat(language, { style: "percent" }).format(share));
      write("done", done.toLocaleString(language));
      write("total", total.toLocaleString(language));
    }
    if (bytes > 0) {
      const megabytes = bytes >= 1e6;
      const unit = megabytes ? "megabyte" : "kilobyte";
      const size = new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: megabytes ? 1 : 0 });
      write("bytes", size.format(bytes / (megabytes ? 1e6 : 1e3)));
    }
  };

  const ask = async () => {
    if (!document.hidden) {
      try {
        const reply = await fetch(section.dataset.poll, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (reply.redirected || reply.status === 401) return location.reload(); /* signed out meanwhile */
        if ([403, 404].includes(reply.status)) return;
        if (!reply.ok) throw new Error(`status ${reply.status}`);
        const facts = await reply.json();
        if (shown && facts.state !== shown) return location.reload();
        show(facts);
        tell(facts);
        failures = 0;
      } catch {
        failures += 1; /* The network may be away for a while: ask less often, never give up. */
      }
    }
    setTimeout(ask, Math.min(pace * 2 ** failures, 30000));
  };
  setTimeout(ask, pace);
}

/** Gives a password its button to be read while it is typed. */
function reveal(button) {
  const input = document.getElementById(button.dataset.reveal);
  const set = (visible) => {
    input.type = visible ? "text" : "password";
    button.toggleAttribute("data-shown", visible);
    button.setAttribute("aria-label", visible ? button.dataset.hide : button.dataset.show);
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    set(input.type === "password");
    input.focus();
  });
  /* Sent as a password field, so that no browser keeps it among the words it remembers. */
  input.form?.addEventListener("submit", () => set(false));
}

/** Asks in the page's one dialog before a form with data-confirm is sent. */
function askFirst(form) {
  const dialog = document.getElementById("confirm");
  form.addEventListener("submit", (event) => {
    const asked = form.dataset.confirm;
    if (form.dataset.confirmed || !dialog?.showModal) return;
    event.preventDefault();
    const button = event.submitter ?? form.querySelector("[type=submit]");
    dialog.querySelector("#confirm-words").textContent = asked;
    dialog.querySelector("[data-confirm-yes]").textContent = button.textContent.trim();
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit(button);
    }, { once: true });
    dialog.showModal();
    dialog.querySelector("[value=no]").focus();
  });
}

/** A second click while a form is on its way sends it no second time (a proof, say, makes the first cookie stale). */
function sendOnce(event) {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
}

document.addEventListener("submit", sendOnce);
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
document.querySelectorAll("[data-poll]").forEach(follow);
document.querySelectorAll("[data-reveal]").forEach(reveal);
document.querySelectorAll("form[data-confirm]").forEach(askFirst);
document.querySelector("[data-focus]")?.focus();
/* The way back from the browser's cache must not find a form that was already confirmed. */
addEventListener("pageshow", () => document.querySelectorAll("form[data-confirmed]").forEach((form) => delete form.dataset.confirmed));
