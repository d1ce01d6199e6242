exports.notFound = (req, res) => {
  res.status(404).json({ error: 'not found' });
};

// Four parameters, or Express does not take it for an error handler.
// eslint-disable-next-line no-unused-vars
exports.handler = (err, req, res, next) => {
  if (err.name === 'ValidationError') {
    return res.status(422).json({ error: err.message });
  }
  console.error(req.method, req.originalUrl, err);
  res.status(err.status || 500).json({ error: 'something went wrong' });
};
