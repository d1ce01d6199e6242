// Express 4 does not wait for promises: a rejected one has to be handed to next.
module.exports = (handler) => (req, res, next) => Promise.resolve(handler(req, res, next)).catch(next);
