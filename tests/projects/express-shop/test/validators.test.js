const test = require('node:test');
const assert = require('node:assert/strict');
const { validateRegistration, validateProduct } = require('../lib/validators');

test('a registration needs an email and a long password', () => {
  assert.deepEqual(validateRegistration({ email: 'ann@shop.test', password: '0123456789' }), []);
  assert.equal(validateRegistration({ email: 'ann', password: 'short' }).length, 2);
  assert.equal(validateRegistration(undefined).length, 2);
});

test('a price is whole cents', () => {
  assert.deepEqual(validateProduct({ sku: 'A', price: 100 }), []);
  assert.deepEqual(validateProduct({ sku: 'A', price: 9.99 }), ['price must be whole cents']);
  assert.deepEqual(validateProduct({ sku: 'A', price: -1 }), ['price must be whole cents']);
});
