/**
 * What was dropped or picked: which of it is evidence, and which is kept beside it. Pure.
 *
 * A recorder's disc holds recordings, the player that shows them, its index and notes. The recordings become exhibits, in
 * the order of their names; the rest is sent with them, kept, and never opened.
 */

/**
 * @typedef {object} Picked
 * @property {string} name
 * @property {string} path folders that it lies in, with / between them; empty where it was picked alone
 * @property {number} size bytes
 * @property {number} modified milliseconds since 1970
 */

const EVIDENCE = new Set(
  ("mp4 m4v mov qt 3gp 3g2 mkv webm avi wmv asf flv f4v mpg mpeg m2v m1v ts mts m2ts vob ogv mxf dv h264 264 h265 265 hevc " +
    "mp3 m4a aac wav wave flac ogg oga opus wma amr aif aiff caf ac3 " +
    "jpg jpeg jpe png webp gif avif heic heif tif tiff bmp pdf").split(" "),
);
const BESIDE = new Set(
  ("srt vtt sub ass exe dll msi com bat cmd ps1 vbs lnk app dmg pkg sys ocx inf ini cfg conf reg log txt md rtf htm html css " +
    "js json xml xsl xsd csv db sqlite idx ifo bup ico md5 sha1 sha256 sig p7s cer crt manifest plist").split(" "),
);
/** What systems put into every folder by themselves: nobody handed that over. */
const LITTER = /^(?:\.ds_store|thumbs\.db|desktop\.ini|\._.*)$/iu;

/** @param {string} name */
const ending = (name) => (/\.([^.]+)$/u.exec(name)?.[1] ?? "").toLowerCase();

/**
 * @template {Picked} T
 * @param {ReadonlyArray<T>} picked
 * @returns {{evidence: T[], beside: T[]}} each in order
 */
export const sorted = (picked) => {
  const files = picked.filter((file) => !LITTER.test(file.name));
  const inFolder = files.some((file) => file.path !== "");
  // Of a folder, by name as people count (2 before 10); what was picked one by one stays as it was picked.
  if (inFolder) files.sort((a, b) => order(a.path, b.path) || order(a.name, b.name));
  const known = files.filter((file) => EVIDENCE.has(ending(file.name)));
  const unknown = files.filter((file) => !EVIDENCE.has(ending(file.name)) && !BESIDE.has(ending(file.name)));
  let evidence = inFolder ? known : files.filter((file) => !BESIDE.has(ending(file.name)));
  if (evidence.length === 0) {
    // A kind that is not known here: the largest file is what the others are for, and all of its kind with it.
    const largest = [...(unknown.length > 0 ? unknown : files)].sort((a, b) => b.size - a.size)[0];
    evidence = files.filter((file) => file === largest || (unknown.includes(file) && ending(file.name) === ending(largest.name)));
  }
  const chosen = new Set(evidence);
  return { evidence, beside: files.filter((file) => !chosen.has(file)) };
};

/** @param {string} a @param {string} b */
const order = (a, b) => a.localeCompare(b, "en", { numeric: true });
