const test = require('node:test');
const assert = require('node:assert/strict');
const { subtotal, shippingFor, includedTax, formatPrice } = require('../lib/pricing');

const rates = { flat: 490, freeFrom: 5000 };

test('a subtotal adds price times quantity', () => {
  assert.equal(subtotal([{ price: 1999, quantity: 2 }, { price: 1, quantity: 1 }]), 3999);
  assert.equal(subtotal([]), 0);
});

test('shipping is free from a sum, and for nothing', () => {
  assert.equal(shippingFor(4999, rates), 490);
  assert.equal(shippingFor(5000, rates), 0);
  assert.equal(shippingFor(0, rates), 0);
});

test('the tax in a gross price is rounded to cents', () => {
  assert.equal(includedTax(11900, 19), 1900);
  assert.equal(includedTax(999, 7), 65);
});

test('prices are shown with two digits', () => {
  assert.equal(formatPrice(5), '0.05 €');
});
