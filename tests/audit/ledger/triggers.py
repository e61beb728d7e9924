from audit.triggers import refuse

refuse(
    table="ledger_ruling",
    on="INSERT",
    name="ruling_on_closed_case",
    when="EXISTS (SELECT 1 FROM ledger_case WHERE id = NEW.case_id AND closed)",
    message="The case isn't open. Open it before ruling.",
)
refuse(
    table="ledger_office",
    on="UPDATE",
    name="office_keeps_its_area",
    when="OLD.area IS NOT NULL AND NEW.area IS DISTINCT FROM OLD.area",
    message="An office keeps its area. Register a new office.",
)
refuse(
    table="ledger_case",
    on=["INSERT", "UPDATE"],
    name="case_has_sane_name",
    when_sqlite="NEW.name GLOB '*[0-9]*'",
    when_postgresql="NEW.name ~ '[0-9]'",
    message="A case's name has no digits. Spell the number.",
)
