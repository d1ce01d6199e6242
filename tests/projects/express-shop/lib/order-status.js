// What may follow what. A cancelled or delivered order stays so.
const NEXT = {
  pending: ['paid', 'cancelled'],
  paid: ['shipped', 'cancelled'],
  shipped: ['delivered'],
  delivered: [],
  cancelled: [],
};

exports.STATUSES = Object.keys(NEXT);

exports.mayChange = (from, to) => (NEXT[from] || []).includes(to);
