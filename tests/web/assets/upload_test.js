import assert from 'node:assert/strict';
import { isArchive, isZip } from '../../../featclass/web/assets/files.js';
import { Refused } from '../../../featclass/web/assets/server.js';
import { batches, Sum, tablesOf, upload } from '../../../featclass/web/assets/upload.js';

/** @type {(path: string, size?: number) => {path: string, file: Blob}} */
const item = (path, size = 1) => ({ path, file: new Blob([new Uint8Array(size)]) });

/**
 * Answers requests in place of the server.
 * @param {(url: URL, body: unknown) => [status: number, body: object]} answer
 * @param {() => Promise<void>} during
 */
async function served(answer, during) {
  const { fetch } = globalThis;
  globalThis.fetch = (url, options) => {
    const [status, body] = answer(new URL(String(url), 'http://x'), options?.body);
    return Promise.resolve(Response.json(body, { status }));
  };
  try {
    await during();
  } finally {
    globalThis.fetch = fetch;
  }
}

Deno.test('files go in batches of few files', () => {
  const sizes = batches(Array.from({ length: 150 }, (_, i) => item(`${i}.png`))).map((b) =>
    b.length
  );
  assert.deepEqual(sizes, [64, 64, 22]);
});

Deno.test('files go in batches of few bytes, and one that is larger alone', () => {
  const paths = batches([
    item('a', 20e6),
    item('b', 3e6),
    item('c', 3e6),
    item('d', 30e6),
    item('e'),
  ])
    .map((batch) => batch.map(({ path }) => path).join(''));
  assert.deepEqual(paths, ['ab', 'c', 'd', 'e']);
});

Deno.test('tables are looked for outermost first, few and small ones', () => {
  const items = ['x/y/c.csv', 'a.csv', 'x/b.tsv', 'a.png', 'x/d.csv', 'x/e.csv'].map((p) =>
    item(p)
  );
  const paths = tablesOf([item('large.csv', 6e6), ...items]).map(({ path }) => path);
  assert.deepEqual(paths, ['a.csv', 'x/b.tsv', 'x/d.csv', 'x/e.csv']);
});

Deno.test('an archive within a folder is no archive that was dropped', () => {
  assert.ok(isZip(item('a.ZIP')) && isArchive(item('a.tar.gz')) && isArchive(item('a.zip.001')));
  assert.ok(!isZip(item('x/a.zip')) && !isArchive(item('x/a.rar')) && !isArchive(item('a.png')));
});

Deno.test('what came of a drop is said in one sentence', () => {
  assert.equal(new Sum().text, 'No pictures found there');
  const sum = new Sum();
  sum.count({ added: 1, copies: 2, rejected: 0, notes: ['n'] });
  sum.count({ added: 3, copies: 0, rejected: 1, notes: ['n'] });
  assert.equal(sum.text, 'Added 4 pictures, 2 already there, 1 could not be used');
  assert.deepEqual(sum.notes, ['n']);
  sum.error = new Error('it broke.');
  const end = ', not everything arrived: it broke. Drop the files again to go on';
  assert.match(sum.text, new RegExp(`${end}$`));
  sum.error = new Refused('it is full.');
  assert.match(sum.text, /, not everything arrived: it is full$/);
});

Deno.test('pictures go where the plan says, all with the name of one drop', async () => {
  /** @type {string[]} */
  const sent = [];
  await served((url, body) => {
    if (url.pathname.endsWith('/plan')) {
      return [200, { targets: [7, null, 8], sets: ['A'], notes: [] }];
    }
    const names = /** @type {FormData} */ (body).getAll('picture').map((file) =>
      /** @type {File} */ (file).name
    );
    sent.push(`${url.searchParams.get('set')} ${names}`);
    return [200, { added: 1, copies: 0, rejected: 0 }];
  }, async () => {
    const items = ['a.png', 'b.txt', 'c.png'].map((path) => item(path));
    const sum = await upload('/api/w/t', 'new', items, () => {});
    assert.deepEqual([sum.added, sum.sets, sum.error], [2, ['A'], null]);
  });
  assert.deepEqual(sent.sort(), ['7 a.png', '8 c.png']);
});

Deno.test('after a failure no more is sent, and how to go on is said', async () => {
  let asked = 0;
  await served((url) => {
    if (url.pathname.endsWith('/plan')) {
      return [200, { targets: Array(1000).fill(7), sets: [], notes: [] }];
    }
    asked++;
    return [500, { error: 'it broke' }];
  }, async () => {
    const items = Array.from({ length: 1000 }, (_, i) => item(`${i}.png`));
    const sum = await upload('/api/w/t', 7, items, () => {});
    assert.equal(sum.text, 'Not everything arrived: it broke. Drop the files again to go on');
  });
  assert.ok(asked <= 4, `${asked} batches were sent`);
});

Deno.test('what is left when it is asked is not sent, and can be asked about again', async () => {
  const question = { sentence: 'How?', choices: [] };
  await served(() => [200, { question }], async () => {
    const items = [item('x/a.png')];
    /** @type {unknown[]} */
    const asked = [];
    const sum = await upload('/api/w/t', 'new', items, () => {}, {
      how: (question, what) => {
        asked.push([question.sentence, what]);
        return Promise.resolve(null);
      },
    });
    assert.deepEqual(asked, [['How?', 'x']]);
    assert.deepEqual(sum.left, items);
    assert.equal(sum.text, 'Nothing was added: it was left as it is');
  });
});
