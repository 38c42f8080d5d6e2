"""Looking back over the latest events, so that an answer can take up what it heard.

Each event leaves a pair: a key from where the music stood before it, and a value from the event.  A query
from where the music stands now weighs the places that were like this one, and brings what came next there.  That is
the induction of Olsson et al. 2022 (arXiv 2209.11895) with a recurrent layer in the place of the first attention layer,
and a continuous cache (Grave et al. 2017, arXiv 1612.04426) that is learned.

Shapes: T steps, B streams, H units, E embedding, W events looked back over, D = HEADS * WIDTH.  The memory of a stream
(B, W * 2D + D) is W pairs, the oldest first, each a key and then a value, and the key of the event to come.  Before
anything was heard it is zeros, and such a pair weighs as much as a key at right angles to the query.
"""

import torch
from torch import Tensor, nn

HEADS = 2
WIDTH = 32
SIZE = HEADS * WIDTH


class LookBack(nn.Module):
    """See the module's first lines."""

    of_keys: Tensor
    of_values: Tensor
    head: Tensor

    def __init__(self, hidden: int, embed: int, window: int) -> None:
        """Draw the weights from torch's generator."""
        super().__init__()
        self.window = window
        self.ask = nn.Linear(hidden, 2 * SIZE)  # the query, and the key of the event to come
        self.tell = nn.Linear(embed, SIZE, bias=False)
        self.near = nn.Parameter(torch.zeros(window, HEADS))  # the newest pair last
        self.give = nn.Linear(SIZE, hidden, bias=False)
        self.ask.weight.data[:SIZE] *= WIDTH**-0.5
        # The numbers of a pair that are of each head's key; and those of its value, each with its head.
        head = torch.arange(HEADS).repeat_interleave(WIDTH)
        keys = (head == torch.arange(HEADS)[:, None]).float()
        self.register_buffer("of_keys", torch.cat((keys, 0 * keys), 1), persistent=False)
        self.register_buffer("of_values", torch.arange(SIZE, 2 * SIZE)[None], persistent=False)
        self.register_buffer("head", head[None], persistent=False)

    @property
    def size(self) -> int:
        """Numbers of the memory of one stream."""
        return self.window * 2 * SIZE + SIZE

    def step(self, x: Tensor, h: Tensor, memory: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Take in one event of one stream, and look back.

        x (1, E) the event, h (1, H) the state after it, memory without its oldest pair -> what
        was found (1, H), and the new memory: its pairs, and the key of the event to come.
        """
        asked = self.ask(h)  # beside the query stands the key: zeros meet it in `of_keys`
        pairs = torch.cat((memory, self.tell(x)), 1)
        rows = pairs.reshape(self.window, 2 * SIZE)
        scores = (rows @ (asked * self.of_keys).t() + self.near).t()  # (HEADS, W)
        found = (torch.softmax(scores, -1) @ rows)[self.head, self.of_values]
        return self.give(found), pairs, asked[:, SIZE:]

    def forward(self, x: Tensor, h: Tensor, keep: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Do so for whole sequences: the same results as `step` gives one after the other.

        x (T, B, E), h (T, B, H), keep (T, B, 1) that is 0 where a step starts anew, memory -> found (T, B, H),
        memory.
        """
        steps, batch, window = len(h), h.shape[1], self.window
        asked, keys = self.ask(h).chunk(2, -1)
        pairs, key = memory[:, :-SIZE], memory[:, -SIZE:]
        keys = torch.cat((key[None].to(keys.dtype), keys))
        new = torch.cat((keys[:-1] * keep.to(keys.dtype), self.tell(x)), -1).transpose(0, 1)
        pairs = torch.cat((pairs.reshape(batch, window, -1), new), 1)  # (B, W + T, 2D)
        # A pair counts for a query of its own piece; for one of another it is as if nothing had been heard.
        piece = (keep[..., 0] == 0).cumsum(0).t()  # (B, T)
        pieces = torch.cat((piece.new_zeros(batch, window), piece), 1)
        same = (piece[:, :, None] == pieces[:, None])[:, None].to(new.dtype)  # (B, 1, T, W + T)
        query = asked.view(steps, batch, HEADS, WIDTH).permute(1, 2, 0, 3)
        by_head = pairs.to(query.dtype).view(batch, -1, 2, HEADS, WIDTH)
        near = self._near(steps).to(query.dtype)
        scores = torch.addcmul(near, query @ by_head[:, :, 0].permute(0, 2, 3, 1), same)
        shares = scores.softmax(-1).to(query.dtype) * same
        found = shares @ by_head[:, :, 1].transpose(1, 2)
        found = found.permute(2, 0, 1, 3).reshape(steps, batch, SIZE)
        last = (pieces[:, steps:] == piece[:, -1:])[:, :, None].to(pairs.dtype)
        pairs = (pairs[:, steps:] * last).reshape(batch, -1)
        return self.give(found), torch.cat((pairs, keys[-1].to(pairs.dtype)), 1)

    def _near(self, steps: int) -> Tensor:
        """Give the weight of a pair by its distance (HEADS, T, W + T); minus infinity outside of a query's window."""
        at = torch.arange(steps, device=self.near.device)[:, None]
        pair = torch.arange(self.window + steps, device=self.near.device)[None]
        place = pair - at - 1  # in the window of the query: its own event's pair is the newest
        inside = (place >= 0) & (place < self.window)
        near = self.near.t()[:, place.clamp(0, self.window - 1)]
        return near.masked_fill(~inside, float("-inf"))
