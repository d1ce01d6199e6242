const test = require('node:test');
const assert = require('node:assert/strict');
const { STATUSES, mayChange } = require('../lib/order-status');

test('an order can be cancelled until it is shipped', () => {
  assert.ok(mayChange('pending', 'cancelled'));
  assert.ok(mayChange('paid', 'cancelled'));
  assert.ok(!mayChange('shipped', 'cancelled'));
});

test('nothing follows the end', () => {
  for (const status of STATUSES) {
    assert.ok(!mayChange('delivered', status));
    assert.ok(!mayChange('cancelled', status));
  }
});

test('an unknown status leads nowhere', () => {
  assert.equal(mayChange('lost', 'paid'), false);
});
