/**
 * What a presenter may want to know whether it plays here: MIME types with codecs, as `MediaSource.isTypeSupported`
 * takes them. Pure.
 */

import { LEAVES } from "../../web/shared/wire.js";

export const ASKED = [
  LEAVES,
  'video/mp4; codecs="avc1.42e01e"',
  'video/mp4; codecs="avc1.640034"',
  'video/mp4; codecs="avc1.6e0034"',
  'video/mp4; codecs="avc1.f40034"',
  'video/mp4; codecs="hvc1.1.6.L153.B0"',
  'video/mp4; codecs="vp09.00.51.08"',
  'video/mp4; codecs="vp09.02.51.10"',
  'video/mp4; codecs="av01.0.13M.08"',
  'video/mp4; codecs="av01.0.13M.10"',
  'video/webm; codecs="vp8"',
  'audio/mp4; codecs="mp4a.40.2"',
  'audio/mp4; codecs="opus"',
  'audio/mp4; codecs="flac"',
];
