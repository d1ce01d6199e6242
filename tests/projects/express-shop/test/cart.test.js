const { describe, it } = require('node:test');
const assert = require('node:assert/strict');
const cart = require('../lib/cart');

const mug = { sku: 'MUG-1', title: 'Mug', price: 1200 };

describe('cart', () => {
  it('adds up quantities of one product, to a limit', () => {
    const once = cart.add({ lines: [] }, mug, 2);
    const twice = cart.add(once, mug, 200);
    assert.equal(once.lines[0].quantity, 2);
    assert.equal(twice.lines.length, 1);
    assert.equal(twice.lines[0].quantity, 99);
  });

  it('does not change the cart it was given', () => {
    const before = { lines: [] };
    cart.add(before, mug);
    assert.deepEqual(before, { lines: [] });
  });

  it('knows its totals', () => {
    const totals = cart.totals(cart.add({ lines: [] }, mug));
    assert.equal(totals.subtotal, 1200);
    assert.equal(totals.total, totals.subtotal + totals.shipping);
  });

  it('is empty once everything is removed', () => {
    assert.deepEqual(cart.remove(cart.add({ lines: [] }, mug), 'MUG-1'), { lines: [] });
  });
});
