/* Reads the page aloud with the browser's own voice; the button stays hidden where there is none. */
for (const button of document.querySelectorAll("[data-listen]")) {
  const speech = window.speechSynthesis;
  if (!speech || !window.SpeechSynthesisUtterance) break;
  const words = [button.textContent, button.dataset.stop];
  let reading = false;
  const show = () => { button.hidden = !speech.getVoices().length; };
  const rest = () => {
    reading = false;
    button.textContent = words[0];
    button.setAttribute("aria-pressed", "false");
  };
  const pieces = () => [...document.querySelectorAll("main :is(h1,h2,h3,h4,p,li,dt,dd,th,td,caption)")]
    .filter((part) => part.checkVisibility() && !part.querySelector("p,li,dd,td,h2,h3") && !part.closest("nav, .no-read"))
    .flatMap((part) => part.innerText.match(/[^。！？；\n]{1,180}[。！？；]?/g) || []);
  button.addEventListener("click", () => {
    speech.cancel();
    if (reading) return rest();
    reading = true;
    button.textContent = words[1];
    button.setAttribute("aria-pressed", "true");
    const all = pieces();
    all.forEach((text, index) => {
      const voice = new SpeechSynthesisUtterance(text);
      voice.lang = "zh-CN";
      voice.rate = 0.9;
      if (index === all.length - 1) voice.onend = rest;
      speech.speak(voice);
    });
    if (!all.length) rest();
  });
  addEventListener("pagehide", () => speech.cancel());
  speech.addEventListener?.("voiceschanged", show);
  show();
}
