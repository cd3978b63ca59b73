import assert from 'node:assert/strict';
import { Component, mounting, nameOf } from '../../../featclass/web/assets/component.js';
/** @import { Mounting } from '../../../featclass/web/assets/component.js' */
/** @typedef {{base: string}} Data */

const DATA = { base: '/api/w/t' };

/**
 * What Streamlit gives, with what it is told noted.
 * @param {{isConnected: boolean}} host
 * @param {Data} [data]
 */
function given(host, data = DATA) {
  /** @type {string[]} */
  const told = [];
  const parentElement = { querySelector: () => host };
  const setTriggerValue = (/** @type {string} */ name) => told.push(name);
  return {
    told,
    mounted: /** @type {Mounting<Data>} */ (/** @type {unknown} */ ({
      parentElement,
      data,
      setTriggerValue,
    })),
  };
}

Deno.test('a component is one for its element, however often the page runs', () => {
  /** @type {Data[]} */
  const drawn = [];
  const mount = mounting(
    'x',
    /** @extends {Component<Data>} */ class extends Component {
      draw() {
        drawn.push(this.data);
      }
    },
  );
  const host = { isConnected: true };
  mount(given(host).mounted);
  mount(given(host).mounted);
  mount(given(host, { base: '/api/w/u' }).mounted);
  assert.deepEqual(drawn.map(({ base }) => base), ['/api/w/t', '/api/w/u']);
});

Deno.test('a component that asks for a redraw while it is mounted fails', () => {
  const mount = mounting(
    'x',
    /** @extends {Component<Data>} */ class extends Component {
      draw() {
        this.redraw();
      }
    },
  );
  const { told, mounted } = given({ isConnected: true });
  assert.throws(() => mount(mounted), /asks for a redraw while mounting/);
  assert.deepEqual(told, []);
});

Deno.test('a redraw is asked for with the trigger of the newest run', () => {
  /** @type {Component<Data>[]} */
  const made = [];
  const mount = mounting(
    'x',
    /** @extends {Component<Data>} */ class extends Component {
      draw() {
        made.push(this);
      }
    },
    'back',
  );
  const host = { isConnected: true }, [first, second] = [given(host), given(host)];
  mount(first.mounted);
  mount(second.mounted);
  made[0].redraw();
  assert.deepEqual([first.told, second.told], [[], ['back']]);
});

Deno.test('a component is left when its element is gone, not at every run', () => {
  let left = 0;
  const mount = mounting(
    'x',
    /** @extends {Component<Data>} */ class extends Component {
      leave() {
        left++;
      }
    },
  );
  const host = { isConnected: true }, cleanup = mount(given(host).mounted);
  cleanup();
  assert.equal(left, 0);
  host.isConnected = false;
  cleanup();
  assert.equal(left, 1);
});

Deno.test('a set that is gone and what is none of the sets have names too', () => {
  const data = { sets: [/** @type {[number, string, string]} */ ([1, 'A', '#888'])], none: 9 };
  const names = [1, 9, 5, null].map((id) => nameOf(data, id));
  assert.deepEqual(names, [
    'A',
    'none of these',
    'a set that was removed',
    'a set that was removed',
  ]);
});
