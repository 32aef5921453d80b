// Injected into a screen's page by the bench: watches the pixels of what is in front, not the page's own word.
// Times are Date.now() milliseconds, which all browsers of one machine share.
(() => {
  const canvas = new OffscreenCanvas(240, 135);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const seen = (it) => it.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const player = () => [...document.querySelectorAll('video')].find((video) => seen(video) && video.videoWidth > 0);
  /** The canvas with a decoded picture, where that is up: it lies over the player. */
  const visible = () => [...document.querySelectorAll('#picture canvas')].find(seen) ?? player();
  const now = () => performance.timeOrigin + performance.now();

  /** The code's cells, or [] while black. */
  const levels = (cells, share) => {
    const source = visible();
    if (!source) return [];
    context.drawImage(source, 0, 0, 240, 135);
    const row = context.getImageData(0, Math.floor((135 * share) / 2), 240, 1).data;
    return Array.from({ length: cells }, (_, n) => row[Math.floor(((n + 0.5) * 240) / cells) * 4 + 1]);
  };
  /** The number that levels stand for. @param {number[]} all */
  const decoded = (all) => {
    if (all.length === 0) return null;
    const low = Math.min(...all), high = Math.max(...all);
    if (high - low < 60) return null;
    const bits = all.map((level) => (level > (low + high) / 2 ? 1 : 0));
    if (!bits[0] || bits[1] || bits[22] || !bits[23]) return null;
    const value = (some) => some.reduce((sum, bit) => sum * 2 + bit, 0);
    const found = value(bits.slice(2, 18));
    const nibbles = [0, 4, 8, 12].reduce((sum, shift) => sum + ((found >> shift) & 15), 0);
    return value(bits.slice(18, 22)) === (nibbles * 7) % 16 ? found : null; // a picture half changed is no frame
  };
  const number = () => decoded(levels(24, 1 / 12));

  /**
   * The code's cells from the luma of the decoded frame that a video shows: two of its rows are copied, where drawing it
   * converts and scales it whole. null where the browser does not give it.
   * @param {HTMLVideoElement} video @returns {Promise<number[]> | null}
   */
  const luma = (video, cells = 24, share = 1 / 12) => {
    if (typeof VideoFrame === 'undefined') return null; // the page has to be a secure context
    let frame;
    try {
      frame = new VideoFrame(video, { timestamp: 0 });
      const { format, visibleRect } = frame;
      if (!['I420', 'NV12'].includes(format)) throw new TypeError(format);
      const even = (length) => 2 * Math.floor(length / 2), width = even(visibleRect.width);
      const y = even(visibleRect.y + (visibleRect.height * share) / 2);
      const taken = frame, row = new Uint8Array(4 * width);
      return taken
        .copyTo(row, { rect: { x: visibleRect.x, y, width, height: 2 } })
        .then(() => Array.from({ length: cells }, (_, n) => row[Math.floor(((n + 0.5) * width) / cells)]))
        .finally(() => taken.close());
    } catch {
      frame?.close();
      return null;
    }
  };

  window.bench = {
    now,
    number,
    /** Resolves with the time at which the picture first is what `wanted` says: a frame number, 'picture' or 'black'. */
    when(wanted, limit = 20000) {
      const began = now();
      return new Promise((resolve) => {
        const look = () => {
          const video = visible();
          const seen = wanted === 'black' ? !video : wanted === 'any' ? !!video && (video.readyState ?? 2) >= 2 : wanted === 'picture' ? !!video && number() !== null : number() === wanted;
          if (seen) resolve(now());
          else if (now() - began > limit) resolve(null);
          else requestAnimationFrame(look); // once a refresh: reading pixels more often would slow what is measured
        };
        look();
      });
    },
    /** Notes from now on which number comes onto the display when. A video's pixels are read once for each of its frames,
     * and nothing runs in between: who looks at every refresh takes as much of the machine as a player does. */
    follow() {
      const log = (window.bench.log = []);
      const watched = new WeakSet();
      let before = null, asked = false, last = Promise.resolve();
      /** @param {number} at  ms @param {number | null} found */
      const note = (at, found) => {
        if (log === window.bench.log && found !== null && found !== log.at(-1)?.[1]) log.push([at, found]);
      };
      const read = (source) => {
        const at = now(), row = source instanceof HTMLVideoElement ? luma(source) : null;
        if (row === null) return note(at, number());
        last = last.then(() => row).then((all) => note(at, decoded(all)), () => {});
      };
      const watch = (video) => {
        if (watched.has(video)) return;
        watched.add(video);
        const presented = () => {
          if (log !== window.bench.log) return;
          video.requestVideoFrameCallback(presented);
          before = visible();
          if (before === video) read(video);
        };
        video.requestVideoFrameCallback(presented);
      };
      const look = () => {
        asked = false;
        if (log !== window.bench.log) return;
        for (const video of document.querySelectorAll('video')) watch(video);
        const source = visible();
        const painted = source instanceof HTMLCanvasElement; // by whom and when nobody says
        if (source && (source !== before || painted)) read(source);
        before = source;
        if (painted) ask();
      };
      const ask = () => {
        if (!asked) requestAnimationFrame(look);
        asked = true;
      };
      // Another element in front is a change of the page's tree or of a style in it.
      const changes = new MutationObserver(() => (log === window.bench.log ? ask() : changes.disconnect()));
      changes.observe(document, { subtree: true, childList: true, attributes: true });
      look();
    },
    /** Resolves once the number has been on the display after `since` (ms), or the limit is over. */
    seen(wanted, since, limit = 20000) {
      return new Promise((resolve) => {
        const look = () => {
          const last = window.bench.log.at(-1);
          const there = last?.[1] === wanted || window.bench.log.some(([at, seen]) => at >= since && seen === wanted);
          if (there || now() - since > limit) resolve(there);
          else requestAnimationFrame(look);
        };
        look();
      });
    },
    /** For each asked number when it, or one further on in the same direction, was first on the display; ms. */
    passed(asked) {
      const way = Math.sign(asked.at(-1) - asked[0]);
      return asked.map((wanted) => window.bench.log.find(([, seen]) => (seen - wanted) * way >= 0)?.[0] ?? null);
    },
    /** Since when the number has been on the display, ms; null where another one is. */
    rested(wanted) {
      const last = window.bench.log.at(-1);
      return last?.[1] === wanted ? last[0] : null;
    },
    /** Luma of the visible picture at columns × rows points, drawn as it is and not scaled. */
    points(columns, rows) {
      const source = visible();
      if (!source) return [];
      const whole = new OffscreenCanvas(source.videoWidth ?? source.width, source.videoHeight ?? source.height);
      const pen = whole.getContext('2d', { willReadFrequently: true });
      pen.drawImage(source, 0, 0);
      const found = [];
      for (let row = 0; row < rows; row++) {
        const y = Math.floor(((row + 0.5) / rows) * whole.height);
        const line = pen.getImageData(0, y, whole.width, 1).data;
        for (let column = 0; column < columns; column++) {
          const x = 4 * Math.floor(((column + 0.5) / columns) * whole.width);
          found.push(Math.round(0.2126 * line[x] + 0.7152 * line[x + 1] + 0.0722 * line[x + 2]));
        }
      }
      return found;
    },
    /** Samples the player's clock: [[now ms, currentTime s]…], 20 a second. */
    watch() {
      const samples = (window.bench.samples = []);
      window.bench.timer = setInterval(() => {
        const video = player();
        if (video) samples.push([now(), video.currentTime]);
      }, 50);
    },
    quality() {
      const video = player();
      const counts = video.getVideoPlaybackQuality();
      return { dropped: counts.droppedVideoFrames, total: counts.totalVideoFrames };
    },
  };
})();
