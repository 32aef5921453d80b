/**
 * How dear each fragment is to a screen: what goes first when there is no more room, in memory or on the disk. It agrees
 * with the order in which the presenter sends (`courtcast.core.policy`). Pure.
 */

/** @typedef {import("./shelf.js").Key} Key */
/** @typedef {import("./shelf.js").Manifest} Manifest */
/** @typedef {import("./shelf.js").Playhead} Playhead */
/** @typedef {import("./shelf.js").Shelved} Shelved */
/** @typedef {import("../../web/shared/wire.js").Row} Row */
/** @typedef {import("../../web/shared/wire.js").Track} Track */

/** Seconds ahead of the playhead that are never given up: what is about to be played may not be fetched again. */
export const SAFE_AHEAD = 10;
/** Seconds of each exhibit of the day that are dearer than the rest of any (`courtcast.core.policy.DAY_FIRST`). */
export const DAY_FIRST = 10;
/** A fragment's number at most (at 0.5 s each, six days): a broken manifest must not make a list without end. */
export const INDEX_MOST = 1 << 20;

/** The class first, then the distance within it. Lower is dearer. */
const NEEDED = 0;
const AHEAD = 1;
const CUE_AHEAD = 2;
const BEHIND = 3;
const BEGINNING = 4;
const DAY = 5;
const ELSEWHERE = 6;
/** More than any distance, and than `INDEX_MOST` times the renditions there are. */
export const CLASS = 1e12;

/**
 * @param {{renditions: Map<string, Shelved>, shown: Playhead | null, cue: Playhead | null,
 *   place: (rendition: string) => number}} shelf  `place` is that in the day, -1 for what is not of it
 * @returns {(key: Key, row: Row) => number} by where the playheads are now
 */
export const dearness = ({ renditions, shown, cue, place }) => {
  const heads = [
    { head: shown, ahead: AHEAD },
    { head: detail(shown), ahead: AHEAD },
    { head: cue, ahead: CUE_AHEAD },
    { head: detail(cue), ahead: CUE_AHEAD },
  ].flatMap(({ head, ahead }) => {
    const shelved = head && renditions.get(head.rendition);
    if (!head || !shelved) return [];
    const { manifest } = shelved;
    return stretches(head).map((stretch) => {
      const entries = new Map(manifest.tracks.map((track) => [track.index, entry(manifest, track, stretch.from)]));
      return { rendition: head.rendition, media: head.media, ahead, entries, ...stretch };
    });
  });
  const late = new Map([...renditions].sort(([, a], [, b]) => b.used - a.used).map(([rendition], at) => [rendition, at]));
  const places = new Map([...renditions.keys()].map((rendition) => [rendition, place(rendition)]));
  return (key, row) => {
    let best = Infinity;
    const manifest = renditions.get(key.rendition)?.manifest;
    const track = manifest?.tracks.find((one) => one.index === key.track);
    if (!manifest || !track) return Infinity;
    const from = time(manifest, track, row);
    for (const { rendition, media, ahead, entries, from: begins, to, after } of heads) {
      if (rendition !== key.rendition) continue;
      const later = after + from - begins, distance = Math.abs(from - media);
      const coming = key.index >= (entries.get(key.track) ?? 0) && from < to;
      const rank = coming && later < SAFE_AHEAD ? NEEDED : coming && from >= begins ? ahead * CLASS + later : BEHIND * CLASS + distance;
      best = Math.min(best, rank);
    }
    if (best < Infinity) return best;
    const at = places.get(key.rendition) ?? -1;
    if (at >= 0) return (from < DAY_FIRST ? BEGINNING : DAY) * CLASS + at * INDEX_MOST + key.index;
    // Of other recordings the beginning is the dearest: it is what is shown first.
    return ELSEWHERE * CLASS + Number(late.get(key.rendition)) * INDEX_MOST + key.index;
  };
};

/**
 * What is played from a playhead on, in order: of a clip its ranges, else all that follows.
 * @param {Playhead} head @returns {ReadonlyArray<import("./turns.js").Stretch>}
 */
export const stretches = ({ media, turns = [] }) => (turns.length > 0 ? turns : [{ from: media, to: Infinity, after: 0 }]);

/** The part of a leaf that is looked at. @param {Playhead | null} head @returns {Playhead | null} */
const detail = (head) => (head?.detail ? { rendition: head.detail, media: 0 } : null);

/**
 * Media time at which a fragment begins or ends, seconds.
 * @param {Manifest} manifest @param {Track} track @param {Row | undefined} row @param {boolean} [end]
 */
export const time = ({ origin }, track, row, end = false) =>
  row === undefined ? 0 : (row.start + (end ? row.duration : 0)) / track.timescale - origin[0] / origin[1];

/**
 * Index of the fragment from which on decoding has to begin for a media time: the last keyframe at or before it.
 * @param {Manifest} manifest @param {Track} track @param {number} media
 */
export const entry = (manifest, track, media) => {
  const rows = manifest.rows.get(track.index) ?? [];
  let found = 0;
  for (const row of rows) {
    if (row.keyframe && time(manifest, track, row) <= media + 1e-6) found = row.index;
  }
  return found;
};
