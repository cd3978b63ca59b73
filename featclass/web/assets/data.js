// The shapes of what Python sends. They are declared there as well, under the same names, in
// `web/page/data.py`, `web/views.py` and `web/routes`; a test compares the fields.
// What comes by the thousand comes as rows: lists without keys.

/** @typedef {[id: number, name: string, colour: string]} SetRow */
/** @typedef {[id: number, digest: string, name: string, left_out: string | null]} PictureRow */
/** @typedef {[name: string, reason: string]} RejectedRow */
/** @typedef {[label: string, share: number]} Bar */
/** @typedef {[digest: string, name: string, label: string, similarity: number, is_here: boolean]} NeighbourRow */
/** @typedef {'waiting' | 'rejected' | 'unknown' | 'doubtful' | 'sure'} Kind */
/** @typedef {[id: number, digest: string, name: string, kind: Kind, label: string | null, probability: number | null]} TriedRow */

/**
 * @typedef {object} TriedPicture
 * @property {number} id
 * @property {string} digest
 * @property {string} name
 * @property {Kind} kind
 * @property {string} [rejected]
 * @property {string | null} [label]
 * @property {number | null} [probability]
 * @property {Bar[]} [bars]
 * @property {NeighbourRow[]} [neighbours]
 */

/**
 * @typedef {object} SetData
 * @property {number | null} id
 * @property {string} name
 * @property {string} [colour]
 * @property {number} left_out
 * @property {number} count
 * @property {number} version
 * @property {PictureRow[]} pictures
 * @property {RejectedRow[]} rejected
 */

/** @typedef {{base: string, sets: SetData[], none: SetData | null}} SetsData */

/** @typedef {[set_id: number | null, name: string, colour: string | null]} MatrixClass */
/** @typedef {[row: number, column: number, pictures: number]} MatrixCell */

/**
 * @typedef {object} JudgedData
 * @property {string} base
 * @property {boolean} stale
 * @property {string} shown
 * @property {SetRow[]} sets
 * @property {number | null} none
 */

/** @typedef {JudgedData & {opens: boolean, classes: MatrixClass[], cells: MatrixCell[]}} MatrixData */

/**
 * @typedef {object} JudgedPicture
 * @property {number | null} picture
 * @property {string} name
 * @property {string} digest
 * @property {number | null} true
 * @property {number | null} said
 * @property {number} probability
 * @property {number} label_probability
 * @property {number | null} set
 * @property {string | null} left_out
 * @property {[digest: string, name: string, set: number | null][]} neighbours
 * @property {boolean} strong
 */

/** @typedef {{total: number, pictures: JudgedPicture[]}} Cell */

/** @typedef {JudgedData & {ready: boolean}} MapData */
/** @typedef {MapData & {line: string}} FindingsData */

/**
 * @typedef {object} FoundPicture
 * @property {number | null} picture
 * @property {string} name
 * @property {string} digest
 * @property {number | null} was
 * @property {number | null} set
 * @property {boolean} left_out
 */

/**
 * @typedef {object} Item
 * @property {string} key
 * @property {string} sentence
 * @property {string} about
 * @property {FoundPicture[]} pictures
 * @property {number} number
 * @property {number | null} suggested
 * @property {boolean} strong
 */

/** @typedef {{kind: string, total: number, items: Item[], fine: Item[]}} KindOfFindings */
/** @typedef {{kinds: KindOfFindings[]}} Kinds */

/** @typedef {[picture: number, digest: string, name: string, x: number, y: number, true: number | null, said: number | null, set: number, left_out: boolean]} Point */

/** @typedef {[id: number, name: string, colour: string, label: string | null]} TargetRow */
/** @typedef {{said: string, key: string, current: boolean}} ScoreNow */

/**
 * @typedef {object} TryoutData
 * @property {string} base
 * @property {number} version
 * @property {string} stamp
 * @property {string} classifier
 * @property {boolean} ready
 * @property {string} waiting
 * @property {boolean} stale
 * @property {string} working
 * @property {number} share
 * @property {Record<string, string>} colours
 * @property {TargetRow[]} sets
 * @property {ScoreNow} score
 * @property {string} doubtful
 * @property {number} total
 * @property {number} most
 * @property {TriedPicture[]} results
 * @property {RejectedRow[]} rejected
 */

/** @typedef {{stamp: string, version: number, rows: TriedRow[]}} TriedRows */

/**
 * @typedef {object} Seen
 * @property {string | null} label
 * @property {number | null} probability
 * @property {boolean} known
 * @property {Bar[]} bars
 * @property {boolean} stale
 * @property {number} side
 * @property {number} ms
 */

/** @typedef {{waiting: string}} NotYet */
/** @typedef {{error: string}} NoPicture */

/**
 * @typedef {object} AskingData
 * @property {string} base
 * @property {number} count
 * @property {SetRow[]} sets
 * @property {string} key
 * @property {string} classifier
 * @property {boolean} current
 * @property {boolean} busy
 * @property {number} seen
 * @property {[right: number, of: number, low: number, high: number] | null} score
 * @property {[sum: number, of: number] | null} expected
 */

/** @typedef {[picture: number, digest: string, name: string, label: string | null, probability: number | null]} QuestionRow */

/** @typedef {{base: string, ready: boolean, roots: string[]}} BatchesData */
/** @typedef {{base: string}} SavedData */
/** @typedef {{base: string, act: number | null, seconds: number, busy: boolean}} UndoData */
/** @typedef {{act?: number, what?: string, version?: number, undone?: string | null}} Done */

/** @typedef {{classes_at: number, classes: string[], number: number}} Choice */
/** @typedef {{sentence: string, choices: Choice[]}} Question */
/** @typedef {{question: Question}} Asked */
/** @typedef {{code: string, title: string, names: [id: number, name: string][]}} NamesRead */
/** @typedef {{zip: string, code: string, readings: NamesRead[], kept: string[]}} Names */
/** @typedef {{targets: (number | string | null)[], sets: string[], notes: string[], zips?: number[]}} Planned */
/** @typedef {{added: number, copies: number, rejected: number, opposed?: number, notes?: string[]}} AddedCounts */
/** @typedef {AddedCounts & {sets: string[], names: Names | null}} Unpacked */
export {};
