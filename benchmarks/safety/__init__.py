"""Do instructions inside documents, or hostile text, have an effect?"""
