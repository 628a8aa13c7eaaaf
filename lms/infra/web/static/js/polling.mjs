// Asks an address again and again, says what is new, and rests while nobody looks at the page.

/**
 * Polls `address` every `seconds`. `take(response)` gets each new answer (never a 304);
 * `lost(isLost)` hears when the connection goes and comes back. `version`: the ETag known so far.
 * Returns a function that asks at once.
 */
export function poll(address, { seconds, version = null, take, lost = () => {} }) {
  let known = version ? `"${version}"` : null;
  let timer = null;
  let asking = false;
  let again = false;

  async function ask() {
    clearTimeout(timer);
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const response = await fetch(address, {
        headers: known ? { "If-None-Match": known } : {},
        cache: "no-store",
        credentials: "same-origin",
        redirect: "manual", // a sign-in page is no answer
      });
      if (response.status === 200) {
        known = response.headers.get("ETag");
        await take(response);
      }
      lost(response.status !== 200 && response.status !== 304);
    } catch {
      lost(true);
    }
    asking = false;
    if (again) {
      again = false;
      ask();
      return;
    }
    if (!document.hidden) timer = setTimeout(ask, seconds * 1000);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) ask();
  });
  if (!document.hidden) timer = setTimeout(ask, seconds * 1000);
  return ask;
}
