"""How can anyone prove that a record was never changed? Hash chain, Merkle tree, proofs over bytes (RFC 9162)."""

from watchbell.domain.sealing.chain import GENESIS, SMALLEST_SALT, chain, commitment
from watchbell.domain.sealing.frontier import Frontier
from watchbell.domain.sealing.hashes import EMPTY_ROOT, HASH_SIZE, leaf_hash, node_hash
from watchbell.domain.sealing.proofs import verify_consistency, verify_inclusion
from watchbell.domain.sealing.tree import Tree, consistency_proof, inclusion_proof, root

__all__ = [
    "EMPTY_ROOT",
    "GENESIS",
    "HASH_SIZE",
    "SMALLEST_SALT",
    "Frontier",
    "Tree",
    "chain",
    "commitment",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root",
    "verify_consistency",
    "verify_inclusion",
]
