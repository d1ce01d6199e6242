const express = require('express');
const config = require('../config');
const Order = require('../models/order');

const router = express.Router();

// The payment provider calls this when money arrived. It may call twice.
router.post('/payment', express.raw({ type: 'application/json' }), async (req, res, next) => {
  try {
    if (req.get('x-webhook-token') !== config.webhookToken) {
      return res.status(401).end();
    }
    const event = JSON.parse(req.body);
    await Order.updateOne(
      { number: event.order, status: 'pending' },
      { status: 'paid', payment: { provider: event.provider, reference: event.id, paidAt: new Date() } }
    );
    res.status(204).end();
  } catch (err) {
    next(err);
  }
});

module.exports = router;
