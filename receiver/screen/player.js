/** One exhibit in one video element, kept where the room says it is. @module */

export class Player {}
