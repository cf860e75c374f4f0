"""The kernel inside another program: follow a token, feed raw frames, read the book, ask what to quote."""

from pmm._fast import BID, Books, Quoter, Refusal

YES = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
SNAPSHOT = (
    f'{{"asset_id":"{YES}","timestamp":"1789156413830","hash":"","bids":[{{"price":"0.47","size":"120"}}],'
    '"asks":[{"price":"0.49","size":"80.5"}],"tick_size":"0.01","event_type":"book"}'
)

books = Books()
index = books.add(YES)  # prices are 1/10 000 USD, sizes 1/1 000 000 share
assert books.feed(SNAPSHOT) == 1, "one book was touched"
book = books.book(index)  # a live view
print("touch", book.best_bid, book.best_ask, "mid", book.mid2 / 2, "bids", book.levels(BID))

quoter = Quoter(books)
quoter.plan(index, half_spread=20_000, size=10_000_000)  # two cents to each side, ten shares
print("wanted", quoter.targets(index), "must move", quoter.must_move(index))
print("a broken frame is a value:", Refusal(books.feed("{")).name)
