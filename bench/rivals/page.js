// The peers' screen: what a page without the product would do, each in its own best-known way.
// Spoken to by `bench/rivals/far.py`.
const video = document.querySelector("video");
/** @type {RTCPeerConnection | null} */
let mirror = null;
let faults = [];

window.far = {
  /** Plays a file as the browser does. */
  video(url) {
    video.src = url;
    void video.play();
  },

  /** Plays a playlist with hls.js, which is told to go on after what it calls fatal, as its documents advise. */
  hls(url) {
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_, { type, details, fatal }) => {
      faults.push(`${details}${fatal ? " (fatal)" : ""}`);
      if (fatal && type === Hls.ErrorTypes.NETWORK_ERROR) hls.startLoad();
      else if (fatal && type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    });
    hls.loadSource(url);
    hls.attachMedia(video);
    void video.play();
  },

  /** Shows the picture that a peer connection brings. */
  async answer(sdp) {
    mirror = new RTCPeerConnection();
    mirror.ontrack = ({ track }) => {
      video.srcObject = new MediaStream([track]);
      video.muted = true;
      void video.play();
    };
    await mirror.setRemoteDescription({ type: "offer", sdp });
    await mirror.setLocalDescription();
    await new Promise((resolve) => {
      if (mirror.iceGatheringState === "complete") resolve(undefined);
      mirror.onicegatheringstatechange = () => mirror.iceGatheringState === "complete" && resolve(undefined);
      setTimeout(resolve, 3000);
    });
    return mirror.localDescription.sdp;
  },

  seek(to) {
    video.currentTime = to;
  },

  /** For the log of a run. */
  said() {
    const held = Array.from({ length: video.buffered.length }, (_, n) => [video.buffered.start(n), video.buffered.end(n)]);
    return {
      at: video.currentTime, ready: video.readyState, width: video.videoWidth, held, faults: faults.slice(-8),
      error: video.error?.message ?? null, mirror: mirror?.connectionState ?? null,
    };
  },
};
