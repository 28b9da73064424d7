// Starts a deck. Keys: arrows and space, Esc or O for the overview, S for the speaker's window, F for the full screen, ? for the rest.
Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  center: false,
  hash: true,
  transition: "none",
  backgroundTransition: "none",
  controls: false,
  slideNumber: "c/t",
  pdfSeparateFragments: false,
  pdfMaxPagesPerSlide: 1,
  scrollActivationWidth: null,
  totalTime: 60 * document.currentScript.dataset.minutes,
  plugins: [RevealNotes],
});
