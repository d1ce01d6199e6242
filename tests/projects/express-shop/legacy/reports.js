/* From the old shop. Accounting still opens this in a browser every month. */
var Order = require('../models/order');
var auth = require('../middleware/auth');

module.exports = function (app) {
  app.get('/reports/sales.csv', auth.requireAdmin, function (req, res, next) {
    Order.find({ status: { $in: ['paid', 'shipped'] } })
      .then(function (orders) {
        var lines = orders.map(function (order) {
          return [order.number, order.placedAt.toISOString(), (order.total / 100).toFixed(2)].join(';');
        });
        res.type('text/csv').send('number;date;total\n' + lines.join('\n'));
      })
      .catch(next);
  });
};
