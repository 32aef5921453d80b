/** A MediaSource fed with whole GOPs from the vault. @module */

export class Mse {}
