"""Records of a file that are checked and not written: those that are only tried or compared."""

from collections.abc import Iterator
from datetime import UTC, datetime

from carms_lake import readers
from carms_lake.contract.model import Contract
from carms_lake.quality.split import Checked, Provenance, TrackedChunk, split
from carms_lake.readers.content import readable
from carms_lake.records import SourceFile


def judged(source: SourceFile, contract: Contract) -> Iterator[Checked]:
    """The records of a file split by a contract, part by part, as an ingest would split them.

    Raises:
        SourceRefused: the file is refused, here or while its parts are read.
        ContractError: the contract is wrong.
    """
    now = datetime.now(UTC)
    with readable(source):
        for chunk in readers.read(source, contract).chunks:
            tracked = TrackedChunk(source, Provenance("", now, 1, now), chunk)
            yield split(readers.parse_chunks([chunk]), [tracked], contract)
