"""A real Ray cluster of two nodes on loopback, whose first node runs no cells.

`python tests/engines/ray_cluster.py` starts it and prints its address, then a line a node with the id of its raylet.
It kills the node whose number it reads, and adds another one; it ends with its standard input.
"""

import sys

import ray
from ray.cluster_utils import Cluster


def main() -> None:
    """Serve the commands."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=2) for _ in range(2)]
    cluster.wait_for_nodes()
    print(cluster.address, flush=True)
    for line in sys.stdin:
        cluster.remove_node(nodes.pop(int(line)), allow_graceful=False)
        nodes.append(cluster.add_node(num_cpus=2))
        print("killed", flush=True)
    cluster.shutdown()
    ray.shutdown()


if __name__ == "__main__":
    main()
