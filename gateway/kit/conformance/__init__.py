"""The conformance suite of adapters: `pytest --pyargs gateway.kit.conformance --adapter NAME --settings FILE`."""

from gateway.kit.conformance.declared import Declared, NotDeclared, read_declared
from gateway.kit.conformance.proxy import Fault, FaultProxy, fault_proxy

__all__ = ["Declared", "Fault", "FaultProxy", "NotDeclared", "fault_proxy", "read_declared"]
