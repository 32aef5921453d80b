/**
 * A video element as a player needs it: quiet, in its place on the page, and telling what it does. Pure.
 * @module
 */

/** What may mean that a player can go on. */
const EVENTS = ["loadedmetadata", "seeked", "canplay", "ended", "playing", "waiting"];

/**
 * @param {HTMLVideoElement} video
 * @param {object} on
 * @param {() => void} on.fail  It plays nothing any more.
 * @param {() => void} on.happen  Something that it did.
 * @param {(mediaTime: number, display: number) => boolean} on.frame  A frame came onto the element: its time as the browser
 *   says it, and milliseconds of the page's own clock at which it is on the display. Whether more are to be told.
 */
export function attend(video, { fail, happen, frame }) {
  video.playsInline = true;
  video.muted = true;
  video.disableRemotePlayback = true;
  video.addEventListener("error", fail);
  for (const name of EVENTS) video.addEventListener(name, happen);
  const watch = () => {
    video.requestVideoFrameCallback((_, { mediaTime, expectedDisplayTime }) => {
      if (frame(mediaTime, expectedDisplayTime)) watch();
    });
  };
  watch();
}
