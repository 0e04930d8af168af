"""Whether somebody has the second thing: the one place that compares one-time codes and recovery codes."""

from datetime import datetime

from gateway.domain.one_time_passwords import Proof, one_time_code, recovery_digest
from gateway.domain.security import SecurityEventKind as Kind
from gateway.ports import UnitOfWork
from gateway.ports.registrations import SealBroken
from gateway.ports.sign_in import OneTimePassword
from gateway.usecases.core import Core
from gateway.usecases.sessions import SessionRules, note_refusal, tell


def field_of(proof: Proof) -> str:
    """The field of the forms that such a proof comes in."""
    return "oneTimeCode" if proof.recovery_code is None else "recoveryCode"


def step_of(core: Core, rules: SessionRules, one_time: OneTimePassword, code: str, at: datetime) -> int | None:
    """The time step whose code that is; None for a wrong code, and where no key opens the secret any more."""
    try:
        secret = core.onboarding.sealing.unseal(one_time.sealed_secret)
    except SealBroken:
        return None
    plain = one_time_code(code)
    return rules.codes.step_of(secret, plain, at) if plain else None


async def refusal_of(
    unit: UnitOfWork, core: Core, rules: SessionRules, actor_id: str, proof: Proof, address: str
) -> str | None:
    """Uses the proof up with this transaction's commit; why it is none, or None where it is one. Both are recorded.

    Of two at once with the same code one has it.
    """
    now = core.clock.now()
    if proof.recovery_code is not None:
        digest = recovery_digest(proof.recovery_code)
        if await unit.one_time_passwords.use_recovery_code(actor_id, digest):
            await tell(unit, Kind.RECOVERY_CODE_USED, now, actor_id, address)
            return None
        reason = "RECOVERY_CODE"
    else:
        one_time = await unit.one_time_passwords.get(actor_id)
        step = step_of(core, rules, one_time, proof.one_time_code or "", now) if one_time else None
        if step is not None and await unit.one_time_passwords.use_step(actor_id, step):
            return None
        reason = "WRONG" if step is None else "REPLAYED"
    note_refusal(core, Kind.ONE_TIME_CODE_REFUSED, reason, actor_id, address)
    return reason
