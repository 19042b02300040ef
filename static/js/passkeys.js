"use strict";
/* Passkeys. A form with data-passkey fetches what the portal asks (a challenge), lets the browser answer, puts the
   answer into its field `credential` and is then sent like any other form. Nothing of it is shown where the browser
   has no passkeys; all words come from the page. */

const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** A refusal by the portal, in its own words. */
class Refusal extends Error {}

/** What the portal asks, with its bytes as bytes. */
async function ask(form, signal) {
  const reply = await fetch(form.dataset.options, {
    method: "POST",
    signal,
    headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value },
  });
  if (reply.redirected) return location.reload(); /* signed out, or the proof is old: the page itself says so */
  const asked = await reply.json();
  if (!reply.ok) throw new Refusal(asked.detail);
  asked.challenge = toBytes(asked.challenge);
  if (asked.user) asked.user.id = toBytes(asked.user.id);
  for (const one of [...(asked.allowCredentials ?? []), ...(asked.excludeCredentials ?? [])]) one.id = toBytes(one.id);
  return asked;
}

/** What the browser answered, as JSON. */
function written({ id, rawId, type, authenticatorAttachment, response }) {
  const said = { clientDataJSON: toText(response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) said[part] = toText(response[part]);
  }
  if (response.getTransports) said.transports = response.getTransports();
  return JSON.stringify({ id, rawId: toText(rawId), type, authenticatorAttachment, response: said });
}

/** Gives a form with data-passkey ("get" or "create") its passkey. */
function connect(form) {
  const says = form.querySelector("[data-passkey-says]");
  let waiting = null;

  const send = (credential) => {
    form.elements.credential.value = written(credential);
    form.submit();
  };

  const tell = (error) => {
    if (error.name === "AbortError") return;
    const words = { NotAllowedError: form.dataset.cancelled, InvalidStateError: form.dataset.known };
    says.textContent = error instanceof Refusal ? error.message : words[error.name] ?? form.dataset.failed;
    says.hidden = false;
  };

  const begin = async (more = {}) => {
    waiting?.abort();
    waiting = new AbortController();
    const { signal } = waiting;
    const publicKey = await ask(form, signal);
    if (publicKey && !signal.aborted) send(await navigator.credentials[form.dataset.passkey]({ publicKey, signal, ...more }));
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    says.hidden = true;
    begin().catch(tell);
  });
  /* Who sends another form of the page goes on by that; a late reply must not touch the new session's cookie. */
  document.addEventListener("submit", (event) => {
    if (event.target !== form) waiting?.abort();
  });
  if (form.dataset.field) offerInField(document.querySelector(form.dataset.field), begin);
}

/** Lets the browser offer passkeys where the e-mail is typed; a challenge that grew old is fetched anew. */
async function offerInField(field, begin) {
  if (!field || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  let asked = 0;
  const offer = () => {
    if (Date.now() - asked < 4 * 60_000) return;
    asked = Date.now();
    begin({ mediation: "conditional" }).catch(() => {}); /* nobody pressed a button, so nobody waits for words */
  };
  field.addEventListener("focus", offer);
  offer();
}

/** Tells the password manager which passkeys the portal still takes. */
function signalAccepted({ rp, user, ids }) {
  PublicKeyCredential.signalAllAcceptedCredentials?.({
    rpId: rp,
    userId: user,
    allAcceptedCredentialIds: ids.split(" ").filter(Boolean),
  }).catch(() => {}); /* a courtesy: the portal refuses a removed passkey whatever is kept of it */
}

if (window.PublicKeyCredential) {
  document.querySelectorAll("[data-passkey-needed]").forEach((words) => { words.hidden = true; });
  document.querySelectorAll("[data-passkey-possible]").forEach((part) => { part.hidden = false; });
  document.querySelectorAll("form[data-passkey]").forEach(connect);
  document.querySelectorAll("[data-passkey-accepted]").forEach((place) => signalAccepted(place.dataset));
}
